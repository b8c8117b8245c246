import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { download, fetchAuthorised, fileName, withQuery } from "./download";
import { ApiError } from "./error";
import { session } from "./session";

describe("withQuery", () => {
  it("leaves out what is not set and repeats lists", () => {
    expect(withQuery("/x", { a: "1 2", b: undefined, c: "", d: ["E", "F"], g: 0 })).toBe("/x?a=1+2&d=E&d=F&g=0");
    expect(withQuery("/x", {})).toBe("/x");
  });
});

it("takes the name that the server gives, never a path", () => {
  expect(fileName('attachment; filename="logs_20261123.csv"', "x.csv")).toBe("logs_20261123.csv");
  expect(fileName('attachment; filename="../../etc/passwd"', "x")).toBe(".._.._etc_passwd");
  expect(fileName(null, "x.csv")).toBe("x.csv");
});

describe("fetchAuthorised", () => {
  const seen: (string | null)[] = [];
  beforeEach(() => {
    seen.length = 0;
    vi.spyOn(session, "bearer").mockResolvedValue("secret");
  });
  afterEach(() => vi.unstubAllGlobals());

  const serve = (...answers: Response[]) =>
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      expect(url).not.toContain("secret");
      seen.push(new Headers(init.headers).get("Authorization"));
      return answers.shift() ?? new Response(null, { status: 500 });
    });

  it("sends the token in the header and renews a refused one once", async () => {
    vi.spyOn(session, "renew").mockResolvedValue(true);
    serve(new Response(null, { status: 401 }), new Response("text"));
    expect(await (await fetchAuthorised("/api/v1/logs/export/csv")).text()).toBe("text");
    expect(seen).toEqual(["Bearer secret", "Bearer secret"]);
  });

  it("says what the server said", async () => {
    serve(Response.json({ detail: "No logs found" }, { status: 404 }));
    const failure = await fetchAuthorised("/x").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect((failure as ApiError).message).toBe("No logs found");
  });

  it("saves a file and tells how much came", async () => {
    serve(new Response("a,b\n1,2\n", { headers: { "Content-Disposition": 'attachment; filename="logs.csv"' } }));
    const names: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download);
    });
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => "blob:1", revokeObjectURL: () => undefined }));
    const sizes: number[] = [];
    await download("/x", "otherwise.csv", (bytes) => sizes.push(bytes));
    expect([names, sizes.at(-1)]).toEqual([["logs.csv"], 8]);
  });
});
