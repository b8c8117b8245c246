import { expect, it } from "vitest";
import { actionChoices, auditFilter, readAuditSearch, readRecordingSearch } from "./search";

it("reads the URL and leaves out what makes no sense", () => {
  const search = { user: "ada", action: "user.create", robot: "r1", time: "7d" as const };
  expect(readAuditSearch({ ...search, from: "soon" })).toEqual(search);
  expect(readAuditSearch({ time: "1y", user: "", from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" })).toEqual(
    {},
  );
  expect(readRecordingSearch({ play: 12, robot: null })).toEqual({ play: "12" });
});

it("asks the same question for a minute", () => {
  const now = Date.parse("2026-11-23T10:00:30Z");
  expect(auditFilter({ time: "24h" }, now)).toEqual(auditFilter({ time: "24h" }, now + 20_000));
  expect(auditFilter({ time: "24h" }, now).since).toBe("2026-11-22T10:00:00.000Z");
  expect(auditFilter({ time: "24h", from: "2026-01-01T00:00:00.000Z" }, now).since).toBe("2026-01-01T00:00:00.000Z");
});

it("offers groups before their actions", () => {
  expect(actionChoices(["sign_in", "user.delete", "user.create", "stop", "sign_in.failed", "settings.save"])).toEqual([
    "settings.save",
    "sign_in",
    "sign_in.failed",
    "stop",
    "user",
    "user.delete",
    "user.create",
  ]);
});
