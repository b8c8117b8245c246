import createClient from "openapi-fetch";
import { ApiError, problemToError } from "./error";
import type { paths } from "./schema";
import { session } from "./session";

/** Sends a request with the access token; a refused token is renewed once. */
async function authorised(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await attempt(request);
  if (response.status !== 401) return response;
  if (await session.renew()) return attempt(again);
  await session.lost();
  return session.current().status === "in" ? attempt(again) : response;
}

async function attempt(request: Request): Promise<Response> {
  const token = await session.bearer();
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "");
  }
}

/** The API, typed by its OpenAPI document. Only the hooks in this folder use it. */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "" : location.origin,
  fetch: authorised,
  querySerializer: { array: { style: "form", explode: true } },
});

/** Returns the data of an answer, or throws what the server said. */
export async function unwrap<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemToError(response.status, error);
  return data as T;
}

/** One page of a list, and the cursor of the next one. */
export interface Page<T> {
  list: T[];
  next: string;
}

/** Returns one page of a list that is answered as such, with its cursor in a header. */
export async function unwrapPage<T>(
  answer: Promise<{ data?: T[]; error?: unknown; response: Response }>,
): Promise<Page<T>> {
  const { response } = await answer;
  return { list: await unwrap(answer), next: response.headers.get("X-Next-Cursor") ?? "" };
}
