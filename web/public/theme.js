// Runs before the first paint so that a dark page never flashes white. Kept in step with src/preferences.ts.
(() => {
  let theme = "system";
  try {
    theme = JSON.parse(localStorage.getItem("tonypi.preferences") ?? "{}").theme ?? "system";
  } catch {
    // Storage may be blocked or hold something else: the system decides then.
  }
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
