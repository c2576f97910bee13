/** `text` with every place mapped whose program has a source map; `readMap` returns one as text, or undefined. */
export function mapStack(text: string, readMap: (program: string) => string | undefined): string;
/** Reads the source maps of one folder. */
export function mapsIn(folder: string): (program: string) => string | undefined;
