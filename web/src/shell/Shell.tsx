import { useQueryClient } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { session, useSession } from "@/api/session";
import { readCommands, stopRobots } from "@/api/stops";
import type { Alert } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Feed } from "@/live/feed";
import type { StopFrame } from "@/live/frames";
import { FeedContext, serverNow } from "@/live/hooks";
import { Stops } from "@/live/stops";
import { ConnectionBanner } from "./ConnectionBanner";
import { BottomNav, SideNav } from "./Navigation";
import { Notices, NoticesContext } from "./notices";
import { Palette } from "./Palette";
import { StopReport } from "./StopReport";
import { StopsContext } from "./stop";
import { Toasts } from "./Toasts";
import { TopBar } from "./TopBar";

function liveURL(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/live`;
}

// A person who has just pressed "stop" reads of it in the report of that stop.
const stopAlerts: ReadonlySet<string> = new Set(["emergency_stop", "stop_unconfirmed"]);

/** A feed for whoever is signed in; another person gets another one. */
function useOwnFeed(): [Feed, Notices, Stops] {
  const cache = useQueryClient();
  const state = useSession();
  const who = state.status === "in" ? state.user.id : "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: `who` stands for the token that the feed asks for
  const [feed, notices, stops] = useMemo(() => {
    const token = async (renew: boolean) => {
      if (renew && !(await session.renew())) await session.lost();
      return session.bearer();
    };
    const feed = new Feed(cache, { url: liveURL(), token });
    const http = (frame: StopFrame) => {
      feed.doubt(); // HTTP is for stops that the live connection did not answer
      return stopRobots(frame);
    };
    const ways = { live: feed.send, http, read: readCommands, now: serverNow };
    const stops = new Stops(ways);
    const told = ({ alert_type, robot_id }: Alert) => stopAlerts.has(alert_type) && stops.tells(robot_id);
    return [feed, new Notices(told), stops] as const;
  }, [cache, who]);
  useEffect(() => {
    const ends = [feed.onAlerts(notices.add), feed.onAnswer(stops.answer), feed.onCommands(stops.commands), feed.run()];
    return () => {
      for (const end of ends) end();
      stops.close();
    };
  }, [feed, notices, stops]);
  return [feed, notices, stops];
}

/** The frame around every view of a signed-in person. */
export function Shell() {
  const t = useT();
  const [feed, notices, stops] = useOwnFeed();
  return (
    <FeedContext value={feed}>
      <StopsContext value={stops}>
        <NoticesContext value={notices}>
          <a
            href="#content"
            className="fixed top-2 left-2 z-50 -translate-y-20 rounded-lg bg-accent px-4 py-2 text-accent-ink focus:translate-y-0"
          >
            {t("nav.skip")}
          </a>
          <div className="flex min-h-dvh">
            <SideNav />
            <div className="flex min-w-0 flex-1 flex-col max-md:pb-[calc(4rem+env(safe-area-inset-bottom))]">
              <TopBar />
              <StopReport />
              <ConnectionBanner />
              <main
                id="content"
                tabIndex={-1}
                className="mx-auto w-full max-w-[110rem] flex-1 px-3 py-4 outline-none sm:px-5"
              >
                <Outlet />
              </main>
            </div>
          </div>
          <BottomNav />
          <Palette />
          <Toasts />
        </NoticesContext>
      </StopsContext>
    </FeedContext>
  );
}
