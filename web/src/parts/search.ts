/** Readers of what a URL says: whatever makes no sense is left out. */

/** A text, cut to `most` characters. The router turns texts that look like numbers into numbers; here they are texts again. */
export function readText(value: unknown, most = 100): string | undefined {
  const written = typeof value === "number" ? String(value) : value;
  return typeof written === "string" && written !== "" ? written.slice(0, most) : undefined;
}

export function readOneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((each) => each === value);
}

/** Some of the known names, in their order; undefined for none and for all. */
export function readSome<T extends string>(known: readonly T[], value: unknown): readonly T[] | undefined {
  const written = typeof value === "string" ? value.split(",") : Array.isArray(value) ? value : [];
  const some = known.filter((each) => written.includes(each));
  return some.length === 0 || some.length === known.length ? undefined : some;
}

/** A whole number above zero, such as an ID. */
export function readID(value: unknown): number | undefined {
  const id = Number(value);
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

/** A time as RFC 3339 in UTC. */
export function readTime(value: unknown): string | undefined {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return time >= 0 ? new Date(time).toISOString() : undefined;
}

/** Leaves out what is undefined, so that it is not in the URL either. */
export function compact<T extends object>(all: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as T;
}
