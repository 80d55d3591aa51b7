import { bytesOf } from "./read-requests.ts";

const HOST = "Host: edge.example\r\n";
const GUID = "{7B0E5C1E-3F0A-4E52-9C29-0E8F2A4B6D11}";

/** Connections a fuzzer starts from: what Windows clients send, and every feature of the framing once. */
export const CORPUS: readonly Uint8Array[] = [
  `BITS_POST /up/a.txt HTTP/1.1\r\nAccept: */*\r\nBITS-Packet-Type: Create-Session\r\nBITS-Supported-Protocols: ${GUID}\r\nContent-Name: a.txt\r\nContent-Length: 0\r\nUser-Agent: Microsoft BITS/7.8\r\n${HOST}Connection: Keep-Alive\r\nPragma: no-cache\r\n\r\n`,
  `BITS_POST /up/a.txt HTTP/1.1\r\nAccept: */*\r\nBITS-Packet-Type: Fragment\r\nBITS-Session-Id: ${GUID}\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10\r\n${HOST}\r\n0123456789BITS_POST /up/a.txt HTTP/1.1\r\nBITS-Packet-Type: Close-Session\r\nBITS-Session-Id: ${GUID}\r\nContent-Length: 0\r\n${HOST}\r\n`,
  `POST http://other.example:8080/x?y=z HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1a;name=value\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: one\r\nTrailer: two\r\n\r\nGET /next HTTP/1.1\r\n${HOST}\r\n`,
  `\r\nGET /caf\xc3\xa9/\xe9.txt?q HTTP/1.1\r\n${HOST}Cookie: a=b; c=d\r\nX: \ta\tb \t\r\nY:\xff\r\nEmpty:\r\n\r\nHEAD / HTTP/1.1\r\n${HOST}\r\nOPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  `PUT /p HTTP/1.1\r\nhost: [2001:db8::1]:81\r\ncontent-length: 3\r\nexpect: 100-continue\r\nconnection: x, y\r\n\r\nabcDELETE /p HTTP/1.1\r\n${HOST}Connection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n`,
  `CONNECT edge.example:443 HTTP/1.1\r\n${HOST}\r\n`,
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
].map(bytesOf);

/** What mutations put in: the words on which readers of HTTP/1.1 have disagreed. */
export const WORDS: readonly Uint8Array[] = [
  ..."\r|\n|\r\n|\r\n\r\n|\r\r\n|\n\r|\0|\t| |  |:| :|: |,|;|\x0b|\x7f|\x80|\xff|#|*|%|@|[|]|\\".split("|"),
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "Content-Length:",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer-Encoding:",
  "chunked",
  "Host: a\r\n",
  "Expect: 100-continue\r\n",
  "Connection: close\r\n",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "http://",
  "GET ",
  "BITS_POST ",
  "0\r\n\r\n",
  "0x",
  "+1",
  "-1",
  "9007199254740991",
  "9007199254740992",
  "1fffffffffffff",
  "20000000000000",
  "FFFFFFFFFFFFFFFF",
  "00000000000000000",
].map(bytesOf);
