/** The HRESULTs that a server sends, and their meaning; [MC-BUP] 2.2.1.2, Win32 "BITS Return Values". */
export const HRESULT_WORDS: ReadonlyMap<number, string> = new Map([
  [0x80070002, "a file is missing"],
  [0x80070003, "a folder is missing"],
  [0x80070005, "access denied, a file is there already, or uploads are not enabled"],
  [0x80070057, "the packet was malformed, or a header was lost on the way"],
  [0x80070070, "the disk is full"],
  [0x800700df, "the reply is larger than the directory takes"],
  [0x8020001f, "the session is not known"],
  [0x80200020, "the upload is larger than the directory takes"],
  [0x80200022, "client and server have no protocol in common"],
  [0x80200023, "the directory may run scripts, so it takes no uploads"],
  [0x80072ee2, "the application did not answer in time"],
  [0x80072efd, "the application cannot be reached"],
  [0x80072efe, "the connection to the application broke"],
]);

/** BG_E_HTTP_ERROR_nnn is 0x80190000 and the HTTP status. */
const BG_E_HTTP_ERROR = 0x80190000;

/** The HTTP status that an HRESULT stands for, 100 to 599; null if the HRESULT stands for none. */
export function statusOfHresult(hresult: number): number | null {
  const status = hresult - BG_E_HTTP_ERROR;
  return status >= 100 && status <= 599 ? status : null;
}
