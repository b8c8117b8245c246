import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { type RefObject, useEffect, useRef, useState } from "react";
import { usePreferences } from "@/preferences";

const dark: ITheme = {
  background: "#0b0e13",
  foreground: "#e9edf3",
  cursor: "#86abff",
  selectionBackground: "#34508f",
};
const light: ITheme = {
  background: "#ffffff",
  foreground: "#141a22",
  cursor: "#2453c8",
  selectionBackground: "#c9d8fb",
  black: "#141a22",
  red: "#b3202a",
  green: "#17703f",
  yellow: "#8a5300",
  blue: "#2453c8",
  magenta: "#8a3ab9",
  cyan: "#0e7490",
  white: "#424c5a",
  brightBlack: "#5b6573",
  brightRed: "#b3202a",
  brightGreen: "#17703f",
  brightYellow: "#8a5300",
  brightBlue: "#2453c8",
  brightMagenta: "#8a3ab9",
  brightCyan: "#0e7490",
  brightWhite: "#141a22",
};

const isDark = () => document.documentElement.dataset.theme === "dark";

/** The screen of a terminal in an element, as large as it, with the page's colours. */
export function useXterm(
  onInput: (data: string) => void,
  onResize: (cols: number, rows: number) => void,
): [RefObject<HTMLDivElement | null>, Terminal | undefined] {
  const place = useRef<HTMLDivElement>(null);
  const [terminal, setTerminal] = useState<Terminal>();
  const { theme } = usePreferences();
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const xterm = new Terminal({
      fontFamily: getComputedStyle(element).fontFamily,
      fontSize: 13,
      lineHeight: 1.2,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      scrollback: 5000,
      screenReaderMode: true,
      theme: isDark() ? dark : light,
    });
    const fit = new FitAddon();
    xterm.loadAddon(fit);
    xterm.open(element);
    const input = xterm.onData(onInput);
    const resize = xterm.onResize(({ cols, rows }) => onResize(cols, rows));
    const observer = new ResizeObserver(() => element.clientWidth > 0 && fit.fit());
    observer.observe(element);
    fit.fit();
    onResize(xterm.cols, xterm.rows);
    setTerminal(xterm);
    return () => {
      observer.disconnect();
      input.dispose();
      resize.dispose();
      xterm.dispose();
      setTerminal(undefined);
    };
  }, [onInput, onResize]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the choice of a theme shows in the document
  useEffect(() => {
    if (terminal) terminal.options.theme = isDark() ? dark : light;
  }, [terminal, theme]);
  return [place, terminal];
}
