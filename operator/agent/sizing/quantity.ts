// Kubernetes' resource.Quantity as a whole number, rounded up as Quantity.Value() does: KubeVirt counts vCPUs with it
// when a VMI has no CPU topology. Exact arithmetic, so that "0.1" times anything never becomes one too many.

// As lenient as resource.ParseQuantity: digits may be missing, and are 0 then.
const quantityForm = /^([+-]?)(\d*(?:\.\d*)?)(?:([eE][+-]?0*\d{1,3})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const binaryExponents: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/**
 * "2200m" -> 3, "1e3" -> 1000, "0.5" -> 1, "1Ki" -> 1024; JSON numbers are taken as Kubernetes takes them.
 * @throws RangeError when the text is no quantity.
 */
export function ceilQuantity(quantity: string | number): bigint {
  const text = String(quantity).trim();
  const found = quantityForm.exec(text);
  if (text === "" || found === null) throw new RangeError(`"${quantity}" is not a quantity`);
  const [, sign = "", digits = "", exponent, suffix] = found;
  const [whole = "", fraction = ""] = digits.split(".");
  const tens = decimalExponent(exponent, suffix) - fraction.length;
  const mantissa = BigInt(whole + fraction) << ((suffix === undefined ? undefined : binaryExponents[suffix]) ?? 0n);
  const value = sign === "-" ? -mantissa : mantissa;
  return tens >= 0 ? value * 10n ** BigInt(tens) : ceilDivide(value, 10n ** BigInt(-tens));
}

function decimalExponent(exponent: string | undefined, suffix: string | undefined): number {
  if (exponent !== undefined) return Number(exponent.slice(1));
  return (suffix === undefined ? undefined : decimalExponents[suffix]) ?? 0;
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend > 0n && dividend % divisor !== 0n ? quotient + 1n : quotient;
}
