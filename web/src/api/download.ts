import { ApiError, problemToError } from "./error";
import { session } from "./session";

/** Fetches an address of the API with the access token; a refused token is renewed once. Anything but success is an error. */
export async function fetchAuthorised(path: string, signal?: AbortSignal): Promise<Response> {
  const send = async () => {
    const token = await session.bearer();
    const headers = new Headers(token ? { Authorization: `Bearer ${token}` } : undefined);
    try {
      return await fetch(path, { headers, ...(signal ? { signal } : {}) });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new ApiError(0, "");
    }
  };
  let response = await send();
  if (response.status === 401 && (await session.renew())) response = await send();
  if (response.ok) return response;
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  throw problemToError(response.status, body);
}

/** The file name that an answer gives itself. */
export function fileName(disposition: string | null, otherwise: string): string {
  const name = /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1];
  return name?.replace(/[/\\]/g, "_") ?? otherwise;
}

/**
 * Saves what an address of the API answers as a file. A link could not send the access token, and a token has no place
 * in a URL. `onBytes` tells how much has come, as it comes.
 */
export async function download(path: string, otherwise: string, onBytes?: (bytes: number) => void): Promise<void> {
  const response = await fetchAuthorised(path);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
    parts.push(step.value);
    bytes += step.value.byteLength;
    onBytes?.(bytes);
  }
  const type = response.headers.get("Content-Type") ?? "application/octet-stream";
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName(response.headers.get("Content-Disposition"), otherwise);
  link.click();
  // The browser reads the file after the click; it must still be there then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** An address with the parameters that are set. */
export function withQuery(
  path: string,
  query: Record<string, string | number | readonly string[] | undefined>,
): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "") continue;
    for (const each of Array.isArray(value) ? value : [value]) params.append(name, String(each));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}
