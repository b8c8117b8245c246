import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { narrowed, readAlertSearch, selectOpen } from "./search";

const noon = Date.parse("2026-11-23T12:00:00Z");

const alert = (id: number, change: Partial<Alert> = {}): Alert => ({
  id,
  robot_id: "r1",
  alert_type: "cpu",
  metric: "cpu_percent",
  source: "",
  severity: "warning",
  title: "High CPU",
  message: "",
  value: 80,
  threshold: 70,
  rule_id: 1,
  acknowledged: false,
  acknowledged_by: "",
  note: "",
  resolved: false,
  resolved_by: "",
  created_at: "2026-11-23T11:30:00Z",
  updated_at: "2026-11-23T11:30:00Z",
  ...change,
});

it("reads the URL and leaves out what makes no sense", () => {
  expect(readAlertSearch({ state: "all", severity: "critical", robot: 12, type: "cpu", time: "6h" })).toEqual({
    state: "all",
    severity: "critical",
    robot: "12",
    type: "cpu",
    time: "6h",
  });
  expect(readAlertSearch({ state: "open", severity: "bad", robot: "", type: {}, time: "2h" })).toEqual({});
});

describe("selectOpen", () => {
  const open = [
    alert(1),
    alert(2, { severity: "critical" }),
    alert(3, { robot_id: "r2", acknowledged: true }),
    alert(4, { alert_type: "disk", created_at: "2026-11-23T05:00:00Z" }),
    alert(5, { severity: "info" }),
  ];
  it.each([
    [{}, [2, 4, 3, 1, 5]],
    [{ state: "new" }, [2, 4, 1, 5]],
    [{ robot: "r2" }, [3]],
    [{ type: "disk" }, [4]],
    [{ severity: "info" }, [5]],
    [{ time: "1h" }, [2, 3, 1, 5]],
  ] as const)("%j lists %j", (search, want) => {
    expect(selectOpen(open, search, noon).map(({ id }) => id)).toEqual(want);
  });
});

it("knows whether more than the state narrows the list", () => {
  expect(narrowed({ state: "all" })).toBe(false);
  expect(narrowed({ time: "1h" })).toBe(true);
});
