import type { Message } from "./message";

export const terminal = {
  "terminal.title": { en: "Terminal", de: "Terminal" },
  "terminal.intro": {
    en: "A shell on {address}, through this server. User name and password go to the robot's SSH server; they are not kept here.",
    de: "Eine Shell auf {address}, durch diesen Server. Benutzername und Passwort gehen an den SSH-Server des Roboters und bleiben nicht hier.",
  },
  "terminal.user": { en: "User name on the robot", de: "Benutzername auf dem Roboter" },
  "terminal.password": { en: "Password on the robot", de: "Passwort auf dem Roboter" },
  "terminal.way": { en: "Sign in with", de: "Anmelden mit" },
  "terminal.way_password": { en: "Password", de: "Passwort" },
  "terminal.way_key": { en: "The server's key", de: "Schlüssel des Servers" },
  "terminal.key_help": {
    en: "The server signs in as {user} with a key of its own; nobody needs a password.",
    de: "Der Server meldet sich als {user} mit seinem eigenen Schlüssel an; niemand braucht ein Passwort.",
  },
  "terminal.record": { en: "Record this session", de: "Diese Sitzung aufzeichnen" },
  "terminal.record_help": {
    en: "An administrator can play it back. The password is not in it.",
    de: "Administratoren können sie abspielen. Das Passwort ist nicht darin.",
  },
  "terminal.audit": {
    en: "Opening and closing is written to the audit log.",
    de: "Öffnen und Schließen steht im Audit-Protokoll.",
  },
  "terminal.open": { en: "Open terminal", de: "Terminal öffnen" },
  "terminal.again": { en: "Open again", de: "Wieder öffnen" },
  "terminal.end": { en: "Close terminal", de: "Terminal schließen" },
  "terminal.forbidden": {
    en: "A terminal can do everything on a robot: your role may not open one.",
    de: "Ein Terminal kann auf dem Roboter alles: Deine Rolle darf keines öffnen.",
  },
  "terminal.phase.idle": { en: "Not connected", de: "Nicht verbunden" },
  "terminal.phase.connecting": { en: "Connecting", de: "Verbindet" },
  "terminal.phase.asking": { en: "Waiting for you", de: "Wartet auf dich" },
  "terminal.phase.open": { en: "Connected", de: "Verbunden" },
  "terminal.phase.closed": { en: "Closed", de: "Geschlossen" },
  "terminal.recorded": { en: "This session is recorded", de: "Diese Sitzung wird aufgezeichnet" },
  "terminal.ended": { en: "The shell ended with code {code}.", de: "Die Shell endete mit Code {code}." },
  "terminal.broken": { en: "The connection broke off.", de: "Die Verbindung brach ab." },
  "terminal.keys": {
    en: "Copy: select with the mouse. Paste: {paste}. {mod}+. stops the robot here too.",
    de: "Kopieren: mit der Maus markieren. Einfügen: {paste}. {mod}+. hält den Roboter auch hier an.",
  },
  "terminal.screen": { en: "Terminal of {robot}", de: "Terminal von {robot}" },
  "hostkey.title": { en: "Is this your robot?", de: "Ist das dein Roboter?" },
  "hostkey.first": {
    en: "This server has never seen {robot}'s host key. Compare the fingerprint with the one on the robot (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub). It is remembered, and another one is refused from then on.",
    de: "Dieser Server hat den Host-Schlüssel von {robot} noch nie gesehen. Vergleiche den Fingerabdruck mit dem auf dem Roboter (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub). Er wird gemerkt; ein anderer wird danach abgelehnt.",
  },
  "hostkey.changed_title": { en: "The host key has changed!", de: "Der Host-Schlüssel hat sich geändert!" },
  "hostkey.changed": {
    en: "{robot} shows another key than before. Either it was set up anew, or somebody is between you and the robot and would read your password. Go on only if you know why it changed.",
    de: "{robot} zeigt einen anderen Schlüssel als früher. Entweder wurde er neu aufgesetzt, oder jemand ist zwischen dir und dem Roboter und würde dein Passwort lesen. Fahre nur fort, wenn du weißt, warum er sich geändert hat.",
  },
  "hostkey.fingerprint": { en: "Fingerprint", de: "Fingerabdruck" },
  "hostkey.previous": { en: "Fingerprint so far", de: "Bisheriger Fingerabdruck" },
  "hostkey.accept": { en: "It is the same: connect", de: "Er stimmt: verbinden" },
  "hostkey.accept_changed": { en: "I know why: trust the new key", de: "Ich weiß warum: neuem Schlüssel trauen" },
  "hostkey.refuse": { en: "Do not connect", de: "Nicht verbinden" },
  "hostkey.known": { en: "Known host key {fingerprint}", de: "Bekannter Host-Schlüssel {fingerprint}" },
} satisfies Record<string, Message>;
