import { SquareTerminal } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { PasswordField } from "@/parts/PasswordField";
import { Segments } from "@/parts/Segments";
import type { Credentials } from "./shell";

interface Props {
  address: string;
  /** The user whom the server's own key belongs to; undefined when the server has no key for this robot. */
  keyUser: string | undefined;
  again: boolean;
  onOpen: (credentials: Credentials) => void;
}

/** Who signs in to the robot, and how. */
export function SignInForm({ address, keyUser, again, onOpen }: Props) {
  const t = useT();
  const [username, setUsername] = useState("pi");
  const [password, setPassword] = useState("");
  const [way, setWay] = useState<"password" | "key">();
  const [record, setRecord] = useState(false);
  const serverKey = keyUser !== undefined && way !== "password";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onOpen({ username: username.trim(), password, serverKey, record });
    setPassword("");
  };
  return (
    <form onSubmit={submit} autoComplete="off" className="grid max-w-2xl gap-4">
      <p className="text-ink-2">{t("terminal.intro", { address })}</p>
      {keyUser !== undefined && (
        <Segments<"password" | "key">
          label={t("terminal.way")}
          value={serverKey ? "key" : "password"}
          onChange={setWay}
          className="justify-self-start"
          choices={[
            ["key", t("terminal.way_key")],
            ["password", t("terminal.way_password")],
          ]}
        />
      )}
      {serverKey ? (
        <p className="text-ink-3">{t("terminal.key_help", { user: keyUser })}</p>
      ) : (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label={t("terminal.user")}
            required
            maxLength={100}
            autoCapitalize="none"
            spellCheck={false}
            autoComplete="off"
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
          <PasswordField
            label={t("terminal.password")}
            required
            maxLength={200}
            autoComplete="off"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </div>
      )}
      <div>
        <label className="inline-flex min-h-9 items-center gap-2">
          <input
            type="checkbox"
            checked={record}
            onChange={(event) => setRecord(event.target.checked)}
            className="size-4 accent-accent"
          />
          {t("terminal.record")}
        </label>
        <p className="text-ink-3 text-xs">
          {t("terminal.record_help")} {t("terminal.audit")}
        </p>
      </div>
      <div className="flex justify-end">
        <Button type="submit" look="primary">
          <SquareTerminal aria-hidden />
          {t(again ? "terminal.again" : "terminal.open")}
        </Button>
      </div>
    </form>
  );
}
