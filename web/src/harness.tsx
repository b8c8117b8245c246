import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";
import { session } from "@/api/session";
import type { Role } from "@/api/types";
import { Feed } from "@/live/feed";
import { FeedContext } from "@/live/hooks";

/** For tests of parts that ask the server: a request as it was sent. */
export interface Sent {
  method: string;
  path: string;
  query: string;
  body: unknown;
}

/** Answers requests by method and path, and keeps what was sent. */
export function serve(answers: Record<string, (body: unknown, query: URLSearchParams) => unknown>): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const request = typeof input === "string" ? new Request(new URL(input, "http://localhost"), init) : input;
    const { pathname, search, searchParams } = new URL(request.url);
    const path = decodeURIComponent(pathname.replace("/api/v1", ""));
    const text = await request.text();
    const json = request.headers.get("Content-Type")?.includes("json");
    const body: unknown = text && json ? JSON.parse(text) : text || undefined;
    sent.push({ method: request.method, path, query: search, body });
    const answer = answers[`${request.method} ${path}`]?.(body, searchParams);
    if (answer instanceof Response) return answer;
    return answer === undefined ? new Response(null, { status: 404 }) : Response.json(answer);
  });
  return sent;
}

/** Makes somebody use the page. */
export function signIn(role: Role): void {
  const user = { id: "1", username: "ada", email: "", role, is_active: true, created_at: "", updated_at: "" };
  vi.spyOn(session, "current").mockReturnValue({ status: "in" as const, user, anonymous: false });
  vi.spyOn(session, "bearer").mockResolvedValue("token");
  vi.spyOn(window, "scrollTo").mockReturnValue(); // the router restores positions; jsdom has none
}

const elsewhere = [
  "/robots/$robot",
  "/jobs/$job",
  "/jobs",
  "/jobs/items",
  "/jobs/scans",
  "/alerts/rules",
  "/users/roles",
];

/** Shows a part with everything around it that it needs; the router knows where links lead. */
export async function show(part: ReactNode, url = "/") {
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const feed = new Feed(cache, { url: "", token: async () => undefined });
  const root = createRootRoute();
  const index = createRoute({ getParentRoute: () => root, path: "/", component: () => part });
  const others = elsewhere.map((path) => createRoute({ getParentRoute: () => root, path, component: () => null }));
  const history = createMemoryHistory({ initialEntries: [url] });
  const router = createRouter({ routeTree: root.addChildren([index, ...others]), history });
  await router.load();
  render(
    <QueryClientProvider client={cache}>
      <FeedContext value={feed}>
        <RouterProvider router={router as never} />
      </FeedContext>
    </QueryClientProvider>,
  );
  return router;
}
