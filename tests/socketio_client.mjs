// The npm Socket.IO client under tests/socketio_client.py, for many clients: one a connection to the Unix socket it is told.
// JSON lines: the first line in says where to connect, each further one what to emit; lines out say what happened. A client
// ends with its connection, the process with its input.
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const clients = new Set();

const client = (line) => {
  const tell = (kind, more) => line.writable && line.write(`${JSON.stringify({ kind, ...more })}\n`);
  let socket;

  const start = ({ url, auth, headers, transports, reconnect }) => {
    socket = io(url, {
      auth: auth ?? undefined, extraHeaders: headers, transports, reconnection: reconnect, reconnectionDelay: 50,
      reconnectionDelayMax: 200, forceNew: true, upgrade: transports.length > 1, timeout: 5000,
    });
    clients.add(socket);
    socket.on("connect", () => tell("connected", { id: socket.id, transport: socket.io.engine.transport.name }));
    socket.on("connect_error", (error) => tell("refused", { message: error.message, data: error.data ?? null }));
    socket.on("disconnect", (reason) => tell("disconnected", { reason }));
    socket.onAny((event, ...args) => tell("heard", { event, args }));
  };

  createInterface({ input: line })
    .on("line", (text) => {
      const order = JSON.parse(text);
      if (order.count) return tell("count", { clients: clients.size });
      if (!socket) return start(order);
      const { event, args, ref } = order;
      if (ref === null) socket.emit(event, ...args);
      else socket.timeout(5000).emit(event, ...args, (late, ...said) => tell("answered", { ref, args: late ? null : said }));
    })
    .on("close", () => {
      socket?.disconnect();
      clients.delete(socket);
      line.end();
    });
};

createServer({ allowHalfOpen: true }, client).listen(process.argv[2], () => process.stdout.write("listening\n"));
process.stdin.on("end", () => process.exit(0)).resume();
