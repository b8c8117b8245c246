/** The largest picture that is taken; a stream that sends more without an end is broken. */
export const largestPicture = 8 << 20;

/** A picture and how old it was when the server sent it, in ms, as far as the part's header says. */
export interface Picture {
  jpeg: Uint8Array<ArrayBuffer>;
  headers: ReadonlyMap<string, string>;
}

/** The boundary of a multipart/x-mixed-replace stream; undefined when the content type is something else. */
export function boundaryOf(contentType: string | null): string | undefined {
  const match = /^multipart\/x-mixed-replace\s*;.*\bboundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(contentType ?? "");
  return (match?.[1] ?? match?.[2])?.replace(/^--/, "");
}

/**
 * MjpegParser cuts a multipart stream into its pictures, whatever pieces the network makes of it. Parts with a
 * Content-Length are counted; others end at the next boundary.
 */
export class MjpegParser {
  private held = new Uint8Array(0);
  private searched = 0;
  private headers: Map<string, string> | undefined;
  private readonly boundary: Uint8Array;

  constructor(boundary: string) {
    this.boundary = new TextEncoder().encode(`--${boundary}`);
  }

  /** Takes a piece of the stream and returns the pictures that it completes. Throws when there is no end to a part. */
  push(piece: Uint8Array): Picture[] {
    const held = new Uint8Array(this.held.length + piece.length);
    held.set(this.held);
    held.set(piece, this.held.length);
    this.held = held;
    const pictures: Picture[] = [];
    for (;;) {
      if (!this.headers && !this.readHeaders()) break;
      const picture = this.readBody();
      if (!picture) break;
      if (picture.jpeg.length > 0) pictures.push(picture);
    }
    if (this.held.length > largestPicture) throw new RangeError("the picture has no end");
    return pictures;
  }

  private readHeaders(): boolean {
    const start = find(this.held, this.boundary, 0);
    if (start < 0) return false;
    const end = find(this.held, blankLine, start);
    if (end < 0) return false;
    const lines = new TextDecoder().decode(this.held.subarray(start + this.boundary.length, end)).split("\r\n");
    this.headers = new Map();
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon > 0) this.headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    this.drop(end + blankLine.length);
    return true;
  }

  private readBody(): Picture | undefined {
    const length = Number(this.headers?.get("content-length") ?? Number.NaN);
    let end = length;
    if (!(length >= 0)) {
      end = find(this.held, this.boundary, Math.max(0, this.searched - this.boundary.length));
      this.searched = this.held.length;
      if (end < 0) return undefined;
    } else if (this.held.length < length) {
      if (length > largestPicture) throw new RangeError("the picture is too large");
      return undefined;
    }
    const jpeg = this.held.slice(0, length >= 0 ? end : withoutLineEnd(this.held, end));
    const headers = this.headers ?? new Map<string, string>();
    this.drop(end);
    this.headers = undefined;
    return { jpeg, headers };
  }

  private drop(count: number): void {
    this.held = this.held.slice(count);
    this.searched = 0;
  }
}

const blankLine = new TextEncoder().encode("\r\n\r\n");

function withoutLineEnd(bytes: Uint8Array, end: number): number {
  if (bytes[end - 1] !== 10) return end;
  return bytes[end - 2] === 13 ? end - 2 : end - 1;
}

function find(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] ?? 0;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + wanted.length > bytes.length) return -1;
    let same = 1;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return at;
  }
  return -1;
}
