import { Logo } from "./Logo";

/** The whole page while nothing is known yet. */
export function Splash({ label }: { label: string }) {
  return (
    <div role="status" className="grid min-h-dvh place-items-center">
      <Logo className="size-12 animate-pulse" />
      <span className="sr-only">{label}</span>
    </div>
  );
}
