// What the plugin wrote to stderr, with the places of its TypeScript: `npm run -s map-stack <stderr.txt`, or with the folder
// of another release's source maps as argument. Runs under Node 20, without dependencies.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** `mqtap-add.js:10:1655`, as the engine writes a place in a program's bundle. */
const place = /([\w-]+)\.js:(\d+):(\d+)/g;

/** `text` with every place mapped whose program has a source map; `readMap` returns one as text, or undefined. */
export function mapStack(text, readMap) {
  const maps = new Map();
  const mapOf = (program) => {
    if (!maps.has(program)) {
      const map = readMap(program);
      maps.set(program, map === undefined ? undefined : new SourceMap(JSON.parse(map)));
    }
    return maps.get(program);
  };
  return withoutJson(text).replace(place, (found, program, line, column) => {
    // Lines and columns of the engine begin at 1, those of a source map at 0.
    const entry = mapOf(program)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry?.originalSource === undefined) return found;
    const source = entry.originalSource.replace(/^(\.\.\/)+/, "");
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

/** A log line with a stack becomes its message and the stack's lines. */
function withoutJson(text) {
  return text.replace(/^\{.*"stack":.*\}$/gm, (line) => {
    try {
      const { msg, stack } = JSON.parse(line);
      return typeof stack === "string" ? `${msg}\n${stack.trimEnd()}` : line;
    } catch {
      return line;
    }
  });
}

/** Reads the source maps of one folder. */
export function mapsIn(folder) {
  return (program) => {
    const path = join(folder, `${program}.js.map`);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? fileURLToPath(new URL("../../dist", import.meta.url));
  process.stdout.write(mapStack(readFileSync(0, "utf8"), mapsIn(folder)));
}
