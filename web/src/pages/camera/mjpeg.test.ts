import { describe, expect, it } from "vitest";
import { boundaryOf, largestPicture, MjpegParser } from "./mjpeg";

const text = new TextEncoder();

function bytes(...parts: (string | number[])[]): Uint8Array {
  const all = parts.flatMap((part) => (typeof part === "string" ? [...text.encode(part)] : part));
  return Uint8Array.from(all);
}

// The second picture has the boundary in it: only its length says where it ends.
const one = [0xff, 0xd8, 1, 2, 13, 10, 3, 0xff, 0xd9];
const two = [0xff, 0xd8, ...text.encode("\r\n--cut\r\n\r\n"), 0xff, 0xd9];

const counted = (jpeg: number[]) => [
  `--cut\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\nX-Age: 12\r\n\r\n`,
  jpeg,
  "\r\n",
];

describe("MjpegParser", () => {
  it("cuts a stream into pictures, whatever pieces it comes in", () => {
    const stream = bytes(...counted(one), ...counted(two), ...counted(one));
    for (const size of [1, 2, 3, 7, 64, stream.length]) {
      const parser = new MjpegParser("cut");
      const found: number[][] = [];
      for (let at = 0; at < stream.length; at += size) {
        for (const { jpeg, headers } of parser.push(stream.subarray(at, at + size))) {
          found.push([...jpeg]);
          expect(headers.get("x-age")).toBe("12");
        }
      }
      expect(found, `pieces of ${size}`).toEqual([one, two, one]);
    }
  });

  it("finds the end of parts that do not tell their length", () => {
    const stream = bytes(
      "--cut\r\nContent-Type: image/jpeg\r\n\r\n",
      one,
      "\r\n--cut\r\nA: b\r\n\r\n",
      one,
      "\r\n--cut--",
    );
    for (const size of [1, 5, stream.length]) {
      const parser = new MjpegParser("cut");
      const found: number[][] = [];
      for (let at = 0; at < stream.length; at += size) {
        found.push(...parser.push(stream.subarray(at, at + size)).map(({ jpeg }) => [...jpeg]));
      }
      expect(found, `pieces of ${size}`).toEqual([one, one]);
    }
  });

  it("gives up on what has no end", () => {
    const parser = new MjpegParser("cut");
    expect(() => parser.push(bytes(`--cut\r\nContent-Length: ${largestPicture + 1}\r\n\r\n`))).toThrow(RangeError);
    const endless = new MjpegParser("cut");
    expect(() => endless.push(new Uint8Array(largestPicture + 1))).toThrow(RangeError);
  });
});

describe("boundaryOf", () => {
  it("reads what servers write", () => {
    const mixed = "multipart/x-mixed-replace";
    expect(boundaryOf(`${mixed}; boundary=frame`)).toBe("frame");
    expect(boundaryOf(`${mixed};boundary="a b"`)).toBe("a b");
    expect(boundaryOf(`${mixed}; charset=x; boundary=--frame`)).toBe("frame");
    expect(boundaryOf("image/jpeg")).toBeUndefined();
    expect(boundaryOf(null)).toBeUndefined();
  });
});
