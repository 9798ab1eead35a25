import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { type ClientReader, clientSocket } from "./client-socket.ts";
import { WireConnection, type WireServer } from "./connection.ts";

/** Gathers what comes; the bytes are copied, as every reader must. */
class Gatherer implements ClientReader {
  text = "";
  readonly buffers = new Set<Buffer>();

  read(data: Buffer, length: number): boolean {
    this.text += data.toString("latin1", 0, length);
    this.buffers.add(data);
    return true;
  }
}

describe("the socket of an accepted connection", () => {
  let server: Server;
  const accepted: Socket[] = [];
  before(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => void accepted.push(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  async function dial(): Promise<readonly [client: Socket, accepted: Socket]> {
    const client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
    const taken = once(server, "connection");
    await Promise.all([once(client, "connect"), taken]);
    const socket = accepted.pop();
    assert.ok(socket);
    return [client, socket];
  }

  async function closed(open: number): Promise<void> {
    for (let turn = 0; turn < 200; turn += 1) {
      const count = await new Promise<number>((resolve) => server.getConnections((_, found) => resolve(found)));
      if (count === open) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.fail("the server still counts a connection that is closed");
  }

  test("reads all connections into one buffer on this Node, hears the end, answers, and is counted until it is closed", async () => {
    const gatherers = [new Gatherer(), new Gatherer()];
    const pairs = [await dial(), await dial()];
    const sockets = pairs.map(([, socket], at) => clientSocket(socket, gatherers[at] ?? new Gatherer()));
    for (const [at, [, socket]] of pairs.entries()) assert.notEqual(sockets[at], socket);
    for (const [at, [client]] of pairs.entries()) client.end(`hello ${at}`);
    await Promise.all(sockets.map((socket) => once(socket, "end")));
    assert.deepEqual(
      gatherers.map(({ text }) => text),
      ["hello 0", "hello 1"],
    );
    assert.equal(new Set(gatherers.flatMap(({ buffers }) => [...buffers])).size, 1);
    assert.equal(sockets[0]?.remoteAddress, "127.0.0.1");
    for (const [at, [client]] of pairs.entries()) {
      sockets[at]?.end("bye");
      assert.equal(String((await once(client, "data"))[0]), "bye");
    }
    await closed(0);
  });

  test("is read by whoever it is handed over to, from the first byte on and with pauses", async () => {
    const [client, socket] = await dial();
    const handed = Promise.withResolvers<readonly [socket: Socket, read: Buffer]>();
    const wire: WireServer = {
      now: 0,
      takes: () => false,
      serve: () => assert.fail("nothing is plain here"),
      closed() {},
      handOver(_connection, given, read) {
        given.pause();
        handed.resolve([given, read]);
      },
    };
    const connection = new WireConnection(wire, socket);
    client.write("first ");
    const [theirs, first] = await handed.promise;
    assert.equal(first.toString(), "first ");
    assert.ok(connection.idle);
    const pieces = Array.from({ length: 3000 }, (_, at) => `piece ${at} of what follows, `);
    client.end(pieces.join(""));
    let rest = "";
    theirs.on("data", (data: Buffer) => {
      rest += data.toString();
      theirs.pause();
      setImmediate(() => theirs.resume());
    });
    theirs.resume();
    await once(theirs, "end");
    assert.equal(rest, pieces.join(""));
    theirs.end();
    client.resume();
    await closed(0);
  });

  test("is read as any other where Node's private parts are not what they are today", async () => {
    const [client, socket] = await dial();
    const gatherer = new Gatherer();
    Reflect.set(socket, "_server", undefined);
    assert.equal(clientSocket(socket, gatherer), socket);
    client.write("plain");
    await once(socket, "data");
    assert.equal(gatherer.text, "plain");
    Reflect.set(socket, "_server", server);
    client.destroy();
    socket.destroy();
    await closed(0);
  });
});
