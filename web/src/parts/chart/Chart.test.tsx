import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { setPreferences } from "@/preferences";
import { Chart } from "./Chart";
import { CursorContext, CursorTime } from "./cursor";
import type { Line } from "./Plot";
import type { PlotOwner } from "./plot";

// A canvas does not exist here: the picture is replaced, everything around it is real.
const fed = vi.hoisted(() => ({ owners: [] as unknown[], shown: [] as [number, number][] }));
vi.mock("./plot", () => ({
  makePlot: (_: HTMLElement, owner: unknown) => {
    fed.owners.push(owner);
    const series = Array.from({ length: 10 }, () => ({ show: true }));
    return {
      series,
      data: [[1000, 2000, 3000]],
      scales: { x: { min: 0, max: 4000 } },
      width: 300,
      setSeries: (i: number, { show }: { show: boolean }) => Object.assign(series[i] ?? {}, { show }),
      valToPos: () => 0,
      setCursor: () => undefined,
      redraw: () => undefined,
      destroy: () => undefined,
    };
  },
  feedPlot: (_: unknown, __: unknown, from: number, to: number) => fed.shown.push([from, to]),
}));

const lines: Line[] = [
  {
    key: "left",
    name: "Left knee",
    points: [
      [1000, 40, 44, 42, 43, 5],
      [2000, 50, 56, 52, 55, 5],
    ],
  },
  { key: "right", name: "Right knee", points: [[1000, 30, 31, 30.5, 31, 5]] },
];

const span = { live: false, from: 0, to: 4000 } as const;
const frame = { title: "Temperature", unit: "°C", decimals: 0, step: 1000, answered: 4000, span };
const plotOf = () => screen.getByRole("group", { name: /^Temperature\./ });

afterEach(() => {
  fed.owners.length = 0;
  fed.shown.length = 0;
  setPreferences({ language: "en" });
});

describe("Chart", () => {
  it("shows the newest value of each line, and says in words what is drawn", () => {
    const { rerender } = render(<Chart {...frame} lines={lines} span={{ live: true, length: 4000 }} />);
    expect(screen.getByRole("button", { name: /Left knee/ }).textContent).toBe("Left knee52\u202f°C");
    rerender(<Chart {...frame} lines={lines} />); // the past has no "now"
    expect(screen.getByRole("button", { name: /Left knee/ }).textContent).toBe("Left knee");
    expect(screen.getByText(/Left knee from 40.°C to 56.°C, mean 47.°C; Right knee from 30.°C/)).toBeTruthy();
    expect(fed.shown.at(-1)).toEqual([0, 4000]);
  });

  it("moves the cursor with the keys and reads it out", () => {
    const cursor = new CursorTime();
    render(
      <CursorContext value={cursor}>
        <Chart {...frame} lines={lines} />
      </CursorContext>,
    );
    plotOf().focus();
    fireEvent.keyDown(plotOf(), { key: "Home" });
    expect(cursor.current()).toBe(1000);
    expect(screen.getByText(/: Left knee 42.°C, Right knee 31.°C$/)).toBeTruthy();
    fireEvent.keyDown(plotOf(), { key: "ArrowRight" });
    expect(cursor.current()).toBe(2000);
    fireEvent.keyDown(plotOf(), { key: "End" });
    fireEvent.keyDown(plotOf(), { key: "ArrowRight" });
    expect(cursor.current()).toBe(3000);
  });

  it("zooms by keys within what is shown, and by dragging", () => {
    const zoom = vi.fn();
    const back = vi.fn();
    render(<Chart {...frame} lines={lines} onZoom={zoom} onBack={back} />);
    fireEvent.keyDown(plotOf(), { key: "Home" });
    fireEvent.keyDown(plotOf(), { key: "+" });
    expect(zoom).toHaveBeenLastCalledWith(0, 2000);
    fireEvent.keyDown(plotOf(), { key: "Escape" });
    expect(back).toHaveBeenCalledOnce();
    (fed.owners[0] as PlotOwner).select(1500, 2500);
    expect(zoom).toHaveBeenLastCalledWith(1500, 2500);
  });

  it("hides a line and brings it back", async () => {
    render(<Chart {...frame} lines={lines} />);
    const button = screen.getByRole("button", { name: /Left knee/ });
    await userEvent.click(button);
    expect(button.getAttribute("aria-pressed")).toBe("false");
    expect(button.textContent).toBe("Left knee");
    await userEvent.click(button);
    expect(button.getAttribute("aria-pressed")).toBe("true");
  });

  it("shows the numbers as a table, newest first, with what lies between", async () => {
    render(<Chart {...frame} lines={lines} />);
    await userEvent.click(screen.getByRole("button", { name: "Temperature: show as table" }));
    const rows = within(screen.getByRole("table")).getAllByRole("row").slice(1);
    expect(
      rows.map((row) =>
        within(row)
          .getAllByRole("cell")
          .map((cell) => cell.textContent),
      ),
    ).toEqual([
      ["5250…56", "–"],
      ["4240…44", "3130…31"],
    ]);
  });

  it("says that there is nothing, and shows no picture while it waits", () => {
    const { rerender } = render(<Chart {...frame} lines={[]} />);
    expect(screen.getByText("No data in this time")).toBeTruthy();
    rerender(<Chart {...frame} lines={[]} loading />);
    expect(screen.queryByText("No data in this time")).toBeNull();
    expect(screen.queryByRole("group")).toBeNull();
  });
});
