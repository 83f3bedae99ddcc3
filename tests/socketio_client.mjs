// The npm Socket.IO client under tests/socketio_client.py. JSON lines: the first line in says where to connect, each
// further one what to emit; lines out say what happened. It ends when its input ends.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const tell = (kind, more) => process.stdout.write(`${JSON.stringify({ kind, ...more })}\n`);
let socket;

const start = ({ url, auth, headers, transports, reconnect }) => {
  socket = io(url, {
    auth: auth ?? undefined, extraHeaders: headers, transports, reconnection: reconnect, reconnectionDelay: 50,
    reconnectionDelayMax: 200, forceNew: true, upgrade: transports.length > 1, timeout: 5000,
  });
  socket.on("connect", () => tell("connected", { id: socket.id, transport: socket.io.engine.transport.name }));
  socket.on("connect_error", (error) => tell("refused", { message: error.message, data: error.data ?? null }));
  socket.on("disconnect", (reason) => tell("disconnected", { reason }));
  socket.onAny((event, ...args) => tell("heard", { event, args }));
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const order = JSON.parse(line);
    if (!socket) return start(order);
    const { event, args, ref } = order;
    if (ref === null) socket.emit(event, ...args);
    else socket.timeout(5000).emit(event, ...args, (late, ...said) => tell("answered", { ref, args: late ? null : said }));
  })
  .on("close", () => {
    socket?.disconnect();
    setTimeout(() => process.exit(0), 100).unref(); // the goodbye still goes out
  });
