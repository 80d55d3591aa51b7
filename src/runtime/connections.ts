/** How many connections are open at the TCP door of this isolate, for the metrics. */
export const tcpConnections = { open: 0 };
