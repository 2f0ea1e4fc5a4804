// Publishes metrics to a dashctl broker:  node publish.mjs ipc:///run/user/1000/dashctl mnist 100
// Frames of kind 3 of docs/protocol.md; `npm install zeromq@6` is all that it needs. With "pub" as a fourth
// argument it sends through a PUB socket, as a program does that has no other.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as zmq from "zeromq";

const [address, run = "", count = "100", kind = "push"] = process.argv.slice(2);
const producer = randomBytes(8);
let next = 0n;

function frame(events) {
  const header = Buffer.alloc(72);
  header.write("DC\x02\x03"); // Version 2, kind 3: JSON.
  header.writeUInt32LE(events.length, 4);
  producer.copy(header, 8);
  header.writeBigUInt64LE(next, 16);
  header.write(run, 32, 32);
  next += BigInt(events.length);
  header.writeBigUInt64LE(next, 64);
  const times = events.map(() => Date.now() / 1000);
  return Buffer.concat([header, Buffer.from(JSON.stringify([times, events]))]);
}

function connected(socket, name, offset) {
  const [, place, port] = address.match(/^(ipc:\/\/.+|tcp:\/\/.+:(\d+))$/);
  socket.connect(port ? place.replace(/\d+$/, Number(port) + offset) : `${place}/${name}`);
  return socket;
}

const out = kind === "pub" ? connected(new zmq.Publisher(), "pub", 3) : connected(new zmq.Push(), "in", 0);
if (kind === "pub") await sleep(500); // What is sent before the broker's subscription came is lost.
for (let step = 0; step < Number(count); step += 1) {
  await out.send(frame([{ type: "metric", name: "loss", step, value: 1 / (step + 1) }]));
}

// Ends when the broker has the last one: {"ask": "ingested", "id": 1, "producer": …, "number": …} in msgpack.
const calls = connected(new zmq.Dealer({ receiveTimeout: 10_000 }), "calls", 2);
const ask = Buffer.from("\x84\xa3ask\xa8ingested\xa2id\x01\xa6number\xcf________\xa8producer\xc4\x08", "latin1");
ask.writeBigUInt64BE(next - 1n, ask.indexOf("________"));
await calls.send(Buffer.concat([ask, producer]));
await calls.receive();
