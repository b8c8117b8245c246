import { RotateCcw } from "lucide-react";
import { useMemo, useState } from "react";
import type { Summary } from "@/api/types";
import { useT } from "@/i18n/translate";
import { useEased } from "@/live/ease";
import { Button } from "@/parts/Button";
import { frontView, shapesOf } from "@/parts/body/draw";
import { type Joint, joints } from "@/parts/body/joints";
import { place, skeleton } from "@/parts/body/kinematics";
import { BodyView } from "./BodyView";
import { HeatLegend } from "./HeatLegend";
import { JointList } from "./JointList";
import { poseNumbers, poseOf, useGravity, useJoints } from "./pose";

/** The body as it is now: posed by its joints, turned by its IMU, coloured by its temperatures. */
export function BodyPanel({ robot, stale }: { robot: Summary; stale: boolean }) {
  const t = useT();
  const states = useJoints(robot.robot_id);
  const gravity = useGravity(robot.robot_id);
  const [camera, setCamera] = useState(frontView);
  const [chosen, setChosen] = useState<Joint>();
  const goal = useMemo(() => poseNumbers(states, robot.posture, gravity), [states, robot.posture, gravity]);
  const numbers = useEased(goal);
  const shapes = useMemo(() => {
    const { angles, root } = poseOf(numbers);
    return shapesOf(place(skeleton(angles), root), camera);
  }, [numbers, camera]);
  const note =
    states.size === 0
      ? t("live.no_joints")
      : states.size < joints.length
        ? t("live.few_joints", { n: states.size })
        : undefined;
  return (
    <section aria-label={t("live.body")} className="card flex flex-col p-4">
      <div className="flex items-center gap-2">
        <h2 className="font-semibold">{t("live.body")}</h2>
        {note && <p className="min-w-0 truncate text-ink-3 text-xs">{note}</p>}
        <Button
          look="ghost"
          size="icon"
          aria-label={t("live.reset_view")}
          title={t("live.reset_view")}
          onClick={() => setCamera(frontView)}
          className="-my-1 ml-auto"
        >
          <RotateCcw aria-hidden />
        </Button>
      </div>
      <div className="grid flex-1 grid-cols-[minmax(0,1fr)] items-center gap-4 lg:grid-cols-[minmax(0,1fr)_15rem]">
        <div className="grid gap-3 overflow-clip pt-2">
          <BodyView
            shapes={shapes}
            camera={camera}
            onCamera={setCamera}
            states={states}
            chosen={chosen}
            onChoose={setChosen}
            stale={stale}
          />
          <HeatLegend />
        </div>
        <JointList states={states} chosen={chosen} onChoose={setChosen} stale={stale} />
      </div>
    </section>
  );
}
