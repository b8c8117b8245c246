import { expect, it } from "vitest";
import { messages } from "./messages";

const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

it.each(Object.entries(messages))("%s says the same in every language", (_, { en, de }) => {
  expect(de.split(" | ")).toHaveLength(en.split(" | ").length);
  expect(holes(de)).toEqual(holes(en));
  expect(`${en}${de}`.trim()).not.toBe("");
});
