// The frames of a watch: one JSON document a line, cut anywhere by the network.
import { MalformedFrameError } from "./transport.ts";

/** A frame longer than this is no API object (the API server's own limit is 3 MiB). */
const longestFrameBytes = 8 * 1024 * 1024;
const newline = 0x0a;

/** Yields each line parsed, as soon as it is complete. An unfinished last line is malformed: the stream was cut.
 * @throws MalformedFrameError */
export async function* parseJsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, undefined> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = Buffer.concat([...parts, chunk.subarray(start, end)]).toString("utf8");
      parts = [];
      bytes = 0;
      start = end + 1;
      if (line.trim() !== "") {
        yield parseFrame(line);
      }
    }
    const rest = chunk.subarray(start);
    bytes += rest.length;
    if (bytes > longestFrameBytes) {
      throw new MalformedFrameError(`frame is longer than ${longestFrameBytes} bytes`);
    }
    if (rest.length > 0) {
      parts.push(rest);
    }
  }
  if (parts.length > 0) {
    throw new MalformedFrameError("stream ended within a frame");
  }
}

function parseFrame(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new MalformedFrameError("frame is not JSON", { cause });
  }
}
