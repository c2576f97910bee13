// Something that listens where mqtap's agent would, and behaves as told.

import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import {
  formatSizingAnswer,
  parseSizingRequest,
  type SizingAnswer,
  type SizingRequest,
  sizingSocketPath,
} from "../../cni/sizing/protocol.ts";
import type { Bed } from "./bed.ts";

/** Gets one question's line and the connection to answer on. */
export type Behaviour = (line: string, connection: Socket) => void;

export class FakeAgent implements AsyncDisposable {
  readonly questions: SizingRequest[] = [];
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  private constructor(behave: Behaviour) {
    this.#server = createServer((connection) => {
      this.#connections.add(connection);
      let line = "";
      connection.on("error", () => undefined);
      connection.on("close", () => this.#connections.delete(connection));
      connection.on("data", (data) => {
        line += data.toString();
        if (line.endsWith("\n")) behave(line, connection);
      });
    });
  }

  static async listen(bed: Bed, behave: Behaviour): Promise<FakeAgent> {
    const agent = new FakeAgent(behave);
    const path = bed.path(sizingSocketPath);
    rmSync(path, { force: true });
    agent.#server.listen(path);
    await once(agent.#server, "listening");
    return agent;
  }

  /** An agent that answers every good question, and keeps it. */
  static async answering(bed: Bed, answer: (request: SizingRequest) => SizingAnswer): Promise<FakeAgent> {
    const agent: FakeAgent = await FakeAgent.listen(bed, (line, connection) => {
      const request = parseSizingRequest(line);
      agent.questions.push(request);
      connection.end(formatSizingAnswer(answer(request)));
    });
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}
