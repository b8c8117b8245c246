import { EllipsisVertical, Pencil, SlidersHorizontal, Trash2 } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/api/role";
import type { Summary } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Menu, MenuItem, MenuSeparator } from "@/parts/Menu";
import { RemoveRobot } from "../robots/RemoveRobot";
import { Thresholds } from "../robots/Thresholds";
import { RobotForm } from "./RobotForm";

type Open = "edit" | "thresholds" | "remove" | undefined;

/** What may be done with the robot itself. */
export function RobotMenu({ robot }: { robot: Summary }) {
  const t = useT();
  const edits = useMay("edit_robots");
  const rules = useMay("edit_rules");
  const removes = useMay("adopt_robots");
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  if (!edits) return null;
  const trigger = (
    <Button
      look="ghost"
      size="icon"
      aria-label={t("robots.actions", { robot: robot.name || robot.robot_id })}
      className="-mr-2 max-sm:order-1 max-sm:ml-auto"
    >
      <EllipsisVertical aria-hidden />
    </Button>
  );
  return (
    <>
      <Menu trigger={trigger}>
        <MenuItem onSelect={() => setOpen("edit")}>
          <Pencil aria-hidden />
          {t("robot.edit")}
        </MenuItem>
        {rules && (
          <MenuItem onSelect={() => setOpen("thresholds")}>
            <SlidersHorizontal aria-hidden />
            {t("robots.thresholds")}
          </MenuItem>
        )}
        {removes && (
          <>
            <MenuSeparator />
            <MenuItem danger onSelect={() => setOpen("remove")}>
              <Trash2 aria-hidden />
              {t("robot.remove")}
            </MenuItem>
          </>
        )}
      </Menu>
      <Dialog open={open === "edit"} onClose={close} title={t("robot.edit")}>
        <RobotForm robot={robot} onDone={close} />
      </Dialog>
      <Dialog
        open={open === "thresholds"}
        onClose={close}
        title={t("robots.thresholds")}
        description={robot.name || robot.robot_id}
      >
        <Thresholds robot={robot} onDone={close} />
      </Dialog>
      <Dialog open={open === "remove"} onClose={close} title={t("robot.remove")} description={robot.name}>
        <RemoveRobot robot={robot} onCancel={close} />
      </Dialog>
    </>
  );
}
