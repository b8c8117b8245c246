import { translate } from "@/i18n/translate";
import { preferences } from "@/preferences";

/** An answer that is not a success. Status 0: there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }
}

interface Problem {
  detail?: unknown;
  errors?: { message?: string; location?: string }[] | null;
}

/** Reads an RFC 9457 answer; what the server says is written for a person. */
export function problemToError(status: number, body: unknown): ApiError {
  const problem: Problem = typeof body === "object" && body !== null ? body : {};
  const fields: Record<string, string> = {};
  for (const error of problem.errors ?? []) {
    fields[(error.location ?? "").replace(/^body\.?/, "")] = error.message ?? "";
  }
  const first = Object.entries(fields)[0];
  const detail =
    typeof problem.detail === "string" ? problem.detail : translate(preferences().language, "error.unknown");
  return new ApiError(status, first ? `${detail}: ${first[0]} ${first[1]}`.trim() : detail, fields);
}

export function errorText(error: unknown): string {
  const { language } = preferences();
  if (error instanceof ApiError) return error.status === 0 ? translate(language, "error.network") : error.message;
  return translate(language, "error.unknown");
}
