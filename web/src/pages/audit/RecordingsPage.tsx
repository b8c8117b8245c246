import { Clapperboard, Play, ShieldX, Trash2 } from "lucide-react";
import { lazy, Suspense } from "react";
import { useDeleteRecording, useRecordings } from "@/api/audit";
import { useMay } from "@/api/role";
import type { Recording } from "@/api/types";
import { bytes } from "@/format/number";
import { duration, exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { UserTabs } from "@/pages/users/UserTabs";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { Dialog } from "@/parts/Dialog";
import { FormFailure } from "@/parts/FormFailure";
import { ListState } from "@/parts/ListState";
import { RobotLink } from "@/parts/RobotLink";
import { RobotSelect } from "@/parts/RobotSelect";
import { EmptyState, Skeleton } from "@/parts/states";
import { useSearchState } from "@/parts/useSearchState";
import { readRecordingSearch } from "./search";

const Player = lazy(async () => ({ default: (await import("./Player")).Player }));

/** Terminals that were recorded, for admins to watch. */
export function RecordingsPage() {
  const t = useT();
  const allowed = useMay("manage_keys");
  const [search, change] = useSearchState(readRecordingSearch);
  const recordings = useRecordings(search.robot, allowed);
  const remove = useDeleteRecording();
  const list = recordings.data ?? [];
  const played = list.find((each) => each.id === search.play);
  if (!allowed) return <EmptyState icon={<ShieldX aria-hidden />} title={t("state.forbidden")} />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h1 className="sr-only">{t("recordings.title")}</h1>
      <UserTabs />
      <div className="flex flex-wrap items-center gap-3">
        <p className="max-w-3xl flex-1 basis-72 text-ink-2">{t("recordings.intro")}</p>
        <RobotSelect value={search.robot} onChange={(robot) => change({ robot })} className="ml-auto sm:max-w-48" />
      </div>
      <FormFailure error={remove.error} />
      <ListState
        query={recordings}
        known={recordings.data !== undefined}
        empty={list.length === 0}
        narrowed={search.robot !== undefined}
        onClear={() => change({ robot: undefined })}
        nothing={
          <EmptyState icon={<Clapperboard aria-hidden />} title={t("recordings.none")}>
            {t("recordings.none_text")}
          </EmptyState>
        }
      >
        <ul className="card divide-y divide-line">
          {list.map((recording) => (
            <Row
              key={recording.id}
              recording={recording}
              onPlay={() => change({ play: recording.id })}
              onDelete={() => remove.mutate(recording.id)}
              deleting={remove.isPending && remove.variables === recording.id}
            />
          ))}
        </ul>
      </ListState>
      <Dialog
        open={search.play !== undefined}
        onClose={() => change({ play: undefined })}
        title={played ? t("recordings.of", { user: played.user, robot: played.robot_id }) : t("recordings.title")}
        description={played ? exact(parseTime(played.started_at)) : ""}
        className="top-[6vh] max-h-[88vh] w-[min(72rem,calc(100vw-1.5rem))]"
      >
        {search.play && (
          <Suspense fallback={<Skeleton className="h-80" />}>
            <Player id={search.play} />
          </Suspense>
        )}
      </Dialog>
    </div>
  );
}

interface RowProps {
  recording: Recording;
  onPlay: () => void;
  onDelete: () => void;
  deleting: boolean;
}

function Row({ recording, onPlay, onDelete, deleting }: RowProps) {
  const t = useT();
  const began = parseTime(recording.started_at);
  const ended = parseTime(recording.ended_at);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-48 flex-1">
        <p className="font-medium">
          {recording.user} <span className="font-normal text-ink-3">{t("recordings.on")}</span>{" "}
          <RobotLink robot={recording.robot_id} className="underline" />
        </p>
        <p className="text-ink-3 text-xs">
          {[
            exact(began).replace(/[.,]\d{3}/, ""),
            began !== undefined && ended !== undefined ? duration(ended - began) : t("recordings.running"),
            bytes(recording.bytes),
          ].join(" · ")}
        </p>
      </div>
      <div className="flex gap-2">
        <Button onClick={onPlay}>
          <Play aria-hidden />
          {t("recordings.play")}
        </Button>
        <ConfirmButton
          look="ghost"
          busy={deleting}
          onConfirm={onDelete}
          aria-label={t("recordings.delete", { user: recording.user, robot: recording.robot_id })}
        >
          <Trash2 aria-hidden />
        </ConfirmButton>
      </div>
    </li>
  );
}
