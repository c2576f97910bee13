/** SOURCE_DATE_EPOCH as seconds; 0 when it is not set. @throws RangeError for anything but a number of seconds */
export function parseEpoch(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (!/^\d{1,10}$/.test(text)) throw new RangeError(`SOURCE_DATE_EPOCH is "${text}": give seconds since 1970`);
  return Number(text);
}
