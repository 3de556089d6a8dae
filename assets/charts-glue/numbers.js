// Milligrams as the page writes them: the same digits as the table's.

/** @typedef {{ unit: string, group: string, mark: string, digits: number }} Style */

const MG_PER = /** @type {Record<string, bigint>} */ ({ t: 1_000_000_000n, kg: 1_000_000n });

/**
 * Return milligrams with three decimals of the unit, rounded half away from zero, and the unit.
 * @param {bigint} mg
 * @param {Style} style
 */
export function emissions(mg, style) {
  const unit = MG_PER[style.unit] ?? 1_000_000_000n;
  const size = mg < 0n ? -mg : mg;
  const thousandths = (2_000n * size + unit) / (2n * unit);
  const whole = grouped(String(thousandths / 1_000n), style);
  const sign = mg < 0n && thousandths > 0n ? "-" : "";
  return `${sign}${whole}${style.mark}${String(thousandths % 1_000n).padStart(3, "0")} ${style.unit} CO2e`;
}

/**
 * Return a share with one decimal, empty where the whole is nothing.
 * @param {bigint} part
 * @param {bigint} whole
 * @param {Style} style
 */
export function share(part, whole, style) {
  if (whole <= 0n) return "";
  const tenths = (2_000n * part + whole) / (2n * whole);
  return `${tenths / 10n}${style.mark}${tenths % 10n}%`;
}

/**
 * @param {string} whole
 * @param {Style} style
 */
function grouped(whole, style) {
  const groups = [whole.slice(-3)];
  for (let end = whole.length - 3; end > 0; end -= style.digits) {
    groups.unshift(whole.slice(Math.max(0, end - style.digits), end));
  }
  return groups.join(style.group);
}
