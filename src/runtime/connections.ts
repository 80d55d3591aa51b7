/** Connections that are open at the TCP door of this isolate, for those who look at figures. */
export const tcpConnections = { open: 0 };
