import type { ReactNode } from "react";
import { Logo } from "./Logo";

/** The frame of the pages before the page: signing in and the first start. */
export function Gate({ title, intro, children }: { title: string; intro: string; children: ReactNode }) {
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 grid justify-items-center gap-3 text-center">
          <Logo className="size-12" />
          <div>
            <h1 className="font-semibold text-xl tracking-tight">{title}</h1>
            <p className="mt-1 text-ink-2">{intro}</p>
          </div>
        </div>
        <div className="card p-5 sm:p-6">{children}</div>
      </div>
    </main>
  );
}
