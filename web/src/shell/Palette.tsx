import { useT } from "@/i18n/translate";
import { Dialog } from "@/parts/Dialog";
import { CommandList } from "./CommandList";
import { KeyHelp } from "./KeyHelp";
import { useShortcuts, useStopKeys } from "./keyboard";
import { show, useOverlay } from "./overlay";
import { PasswordDialog } from "./PasswordDialog";

/** The windows that belong to every view, and the keys that open them. */
export function Palette() {
  const t = useT();
  const overlay = useOverlay();
  const close = () => show(undefined);
  useShortcuts();
  useStopKeys();
  return (
    <>
      <Dialog open={overlay === "palette"} onClose={close} title={t("palette.title")} hideTitle className="p-0">
        <CommandList onDone={close} />
      </Dialog>
      <Dialog open={overlay === "keys"} onClose={close} title={t("keys.title")}>
        <KeyHelp />
      </Dialog>
      <PasswordDialog open={overlay === "password"} onClose={close} />
    </>
  );
}
