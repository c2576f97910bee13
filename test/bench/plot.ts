// Line charts as SVG, for the README: panels side by side on one scale, readable on white and on dark, a few kilobytes.

export interface Curve {
  readonly name: string;
  /** By rising x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Panel {
  /** What x counts. */
  readonly title: string;
  readonly curves: readonly Curve[];
}

export interface Plot {
  readonly title: string;
  /** What y is, with its unit. */
  readonly yTitle: string;
  readonly panels: readonly Panel[];
}

const panelWidth = 330;
const plotHeight = 190;
const margin = { left: 56, top: 58, right: 14, bottom: 46 };
/** Middle tones: both a white and a dark page leave them enough contrast. */
const colours = ["#2f81f7", "#d9730d", "#3fa45b", "#a371f7"];
const ink = "#7d8590";

/** A whole SVG document; equal plots are equal texts. */
export function renderPlot({ title, yTitle, panels }: Plot): string {
  const width = margin.left + panels.length * (panelWidth + margin.right);
  const height = margin.top + plotHeight + margin.bottom;
  const top = niceCeiling(Math.max(0, ...allPoints(panels).map(({ y }) => y)));
  const y = (value: number): number => margin.top + plotHeight * (1 - value / top);
  const names = panels[0]?.curves.map(({ name }) => name) ?? [];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="${ink}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    text({ x: margin.left, y: 18, content: title, more: ' font-size="14"' }),
    ...names.map((name, i) => legend(name, { x: margin.left + i * 110, colour: colourOf(i) })),
    text({
      x: 14,
      y: margin.top + plotHeight / 2,
      content: yTitle,
      more: ` text-anchor="middle" transform="rotate(-90 14 ${round(margin.top + plotHeight / 2)})"`,
    }),
    ...[0, 1, 2, 3, 4].map((step) => {
      const value = (top * step) / 4;
      const line = `<path d="M${margin.left} ${round(y(value))}H${width - margin.right}" stroke="${ink}" stroke-opacity="${step === 0 ? 1 : 0.3}"/>`;
      return (
        line + text({ x: margin.left - 6, y: y(value) + 4, content: `${round(value)}`, more: ' text-anchor="end"' })
      );
    }),
    ...panels.map((panel, i) => renderPanel(panel, { left: margin.left + i * (panelWidth + margin.right), y })),
    "</svg>",
    "",
  ].join("\n");
}

function renderPanel({ title, curves }: Panel, { left, y }: { left: number; y: (value: number) => number }): string {
  const inner = { from: left + 16, width: panelWidth - 32 };
  const most = Math.max(1, ...curves.flatMap(({ points }) => points.map(({ x }) => x)));
  const x = (value: number): number => inner.from + (inner.width * value) / most;
  const bottom = margin.top + plotHeight;
  const ticks = [...new Set(curves.flatMap(({ points }) => points.map((point) => point.x)))];
  return [
    ...ticks.map((tick) => text({ x: x(tick), y: bottom + 18, content: `${tick}`, more: ' text-anchor="middle"' })),
    text({ x: left + panelWidth / 2, y: bottom + 38, content: title, more: ' text-anchor="middle"' }),
    ...curves.map(({ points }, i) => {
      const places = points.map((point) => ({ x: round(x(point.x)), y: round(y(point.y)) }));
      const path = places.map((place, at) => `${at === 0 ? "M" : "L"}${place.x} ${place.y}`).join("");
      const dots = places.map((place) => `<circle cx="${place.x}" cy="${place.y}" r="3"/>`).join("");
      return `<path d="${path}" fill="none" stroke="${colourOf(i)}" stroke-width="2"/><g fill="${colourOf(i)}">${dots}</g>`;
    }),
  ].join("\n");
}

function legend(name: string, { x, colour }: { x: number; colour: string }): string {
  const line = `<path d="M${x} 38h22" stroke="${colour}" stroke-width="3"/>`;
  return line + text({ x: x + 28, y: 42, content: name, more: "" });
}

function text({ x, y, content, more }: { x: number; y: number; content: string; more: string }): string {
  return `<text x="${round(x)}" y="${round(y)}"${more}>${escapeXml(content)}</text>`;
}

function allPoints(panels: readonly Panel[]): readonly { readonly y: number }[] {
  return panels.flatMap(({ curves }) => curves.flatMap(({ points }) => points));
}

/** The least of 1, 2, 4 and 8 times a power of ten that is not below `value`: four equal steps of it are round numbers. */
function niceCeiling(value: number): number {
  // the power of ten of the very least numbers is 0 to a double
  if (!(value > 1e-300)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 8].find((factor) => factor * power >= value) ?? 10);
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? ink;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
