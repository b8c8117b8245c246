/** One text in every language of the page: a language that is missing does not compile. */
export type Message = { en: string; de: string };
