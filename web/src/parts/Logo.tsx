import { cn } from "./cn";

export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 512 512" aria-hidden="true" className={cn("size-7", className)}>
      <rect width="512" height="512" rx="112" fill="#2453c8" />
      <g fill="none" stroke="#fff" strokeWidth="34" strokeLinecap="round" strokeLinejoin="round">
        <rect x="192" y="84" width="128" height="92" rx="28" />
        <path d="M256 176v34M178 210h156l-16 120H194zM178 222l-52 76 20 66M334 222l52 76-20 66M216 330l-14 98M296 330l14 98" />
      </g>
      <g fill="#fff">
        <circle cx="232" cy="130" r="14" />
        <circle cx="280" cy="130" r="14" />
      </g>
    </svg>
  );
}
