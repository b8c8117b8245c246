import { useAuditActions } from "@/api/audit";
import { useT } from "@/i18n/translate";
import { Select } from "@/parts/Select";
import { actionName } from "./action";
import { actionChoices } from "./search";

interface Props {
  value: string | undefined;
  onChange: (action: string | undefined) => void;
}

/** One action, a group of them, or all. */
export function ActionSelect({ value, onChange }: Props) {
  const t = useT();
  const { data: actions = [] } = useAuditActions(true);
  const known = actionChoices(actions);
  const all = value && !known.includes(value) ? [...known, value] : known;
  const isGroup = (name: string) => !actions.includes(name) || actions.some((each) => each.startsWith(`${name}.`));
  return (
    <Select
      label={t("audit.action")}
      value={value ?? ""}
      onChange={(action) => onChange(action || undefined)}
      choices={[
        ["", t("audit.any_action")],
        ...all.map(
          (each) =>
            [each, isGroup(each) ? t("audit.group", { name: actionName(each, t) }) : actionName(each, t)] as const,
        ),
      ]}
      className="sm:max-w-60"
    />
  );
}
