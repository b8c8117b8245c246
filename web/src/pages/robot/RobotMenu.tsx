import { useNavigate } from "@tanstack/react-router";
import { EllipsisVertical, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { errorText } from "@/api/error";
import { useDeleteRobot } from "@/api/robots";
import { useMay } from "@/api/role";
import type { Summary } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { Dialog } from "@/parts/Dialog";
import { Menu, MenuItem, MenuSeparator } from "@/parts/Menu";
import { Notice } from "@/parts/Notice";
import { RobotForm } from "./RobotForm";

type Open = "edit" | "remove" | undefined;

/** What may be done with the robot itself. */
export function RobotMenu({ robot }: { robot: Summary }) {
  const t = useT();
  const edits = useMay("edit_robots");
  const removes = useMay("adopt_robots");
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  if (!edits) return null;
  const trigger = (
    <Button look="ghost" size="icon" aria-label={t("robot.more")} className="-mr-2 max-sm:order-1 max-sm:ml-auto">
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
      <Dialog open={open === "remove"} onClose={close} title={t("robot.remove")} description={robot.name}>
        <RemoveRobot robot={robot} onCancel={close} />
      </Dialog>
    </>
  );
}

function RemoveRobot({ robot, onCancel }: { robot: Summary; onCancel: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const remove = useDeleteRobot();
  const confirm = () => remove.mutate(robot.robot_id, { onSuccess: () => void navigate({ to: "/" }) });
  return (
    <div className="grid gap-4">
      {remove.isError && (
        <Notice tone="critical" role="alert">
          {errorText(remove.error)}
        </Notice>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{t("action.cancel")}</Button>
        <ConfirmButton onConfirm={confirm} question={t("robot.remove_confirm")} busy={remove.isPending}>
          {t("robot.remove")}
        </ConfirmButton>
      </div>
    </div>
  );
}
