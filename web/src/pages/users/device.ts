const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bHeadlessChrome\/|\bChrome\/|\bCriOS\//, "Chrome"],
  [/\bVersion\/.*\bSafari\//, "Safari"],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone|\biPad/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

const pick = (known: readonly (readonly [RegExp, string])[], agent: string): string =>
  known.find(([sign]) => sign.test(agent))?.[1] ?? "";

/** What a browser or program calls itself, in words: "Firefox · Linux". Programs keep the first word of their name. */
export function deviceName(agent: string): { name: string; phone: boolean } {
  const browser = pick(browsers, agent);
  const name = browser ? [browser, pick(systems, agent)].filter(Boolean).join(" · ") : (agent.split(" ")[0] ?? "");
  return { name: name.slice(0, 60), phone: /iPhone|Android.*Mobile/.test(agent) };
}
