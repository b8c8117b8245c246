import type { Message } from "./message";

export const robots = {
  "robots.title": { en: "Robots", de: "Roboter" },
  "robots.views": { en: "Robots and how they join", de: "Roboter und wie sie beitreten" },
  "robots.manage": { en: "Manage", de: "Verwalten" },
  "robots.palette": { en: "Manage robots", de: "Roboter verwalten" },
  "robots.actions": { en: "Actions for {robot}", de: "Aktionen für {robot}" },
  "robots.add": { en: "Add robot", de: "Roboter anlegen" },
  "robots.add_text": {
    en: "For a robot that signs in over MQTT by itself. One with our agent joins more easily with a join token.",
    de: "Für einen Roboter, der sich selbst über MQTT anmeldet. Einer mit unserem Agenten tritt einfacher mit einem Beitritts-Token bei.",
  },
  "robots.id": { en: "Robot ID", de: "Roboter-ID" },
  "robots.id_hint": {
    en: "Names it in every topic and address, for example tonypi_07. It stays.",
    de: "Benennt ihn in jedem Topic und jeder Adresse, etwa tonypi_07. Sie bleibt.",
  },
  "robots.created": { en: "{robot} belongs to the fleet now.", de: "{robot} gehört jetzt zur Flotte." },
  "robots.credential_once": {
    en: "This is shown only once. Put it on the robot now.",
    de: "Das wird nur dieses eine Mal gezeigt. Trage es jetzt auf dem Roboter ein.",
  },
  "robots.mqtt_user": { en: "MQTT user name", de: "MQTT-Benutzername" },
  "robots.reader": {
    en: "Operators and administrators can change robots.",
    de: "Bediener und Administratoren können Roboter ändern.",
  },
  "robots.none": { en: "There is no robot yet", de: "Noch gibt es keinen Roboter" },
  "robots.none_text": {
    en: "Add one here, or make a join token and start our agent with it.",
    de: "Lege hier einen an, oder erzeuge ein Beitritts-Token und starte damit unseren Agenten.",
  },
  "robots.program": { en: "Program", de: "Programm" },
  "robots.original": { en: "original client", de: "ursprünglicher Client" },
  "robots.address": { en: "Address", de: "Adresse" },
  "robots.thresholds": { en: "Thresholds", de: "Schwellen" },
  "robots.own_rule": { en: "only for this robot", de: "nur für diesen Roboter" },
  "robots.global_rule": { en: "as for all robots", de: "wie für alle Roboter" },
  "robots.like_all": { en: "Back to the rule for all robots", de: "Zurück zur Regel für alle Roboter" },
  "robots.all_rules": { en: "All rules of this robot", de: "Alle Regeln dieses Roboters" },
  "robots.remove_text": {
    en: "The robot, its history, its alerts and its credential are deleted for good.",
    de: "Der Roboter, sein Verlauf, seine Alarme und seine Zugangsdaten werden endgültig gelöscht.",
  },
  "robots.remove_type": { en: "Type {robot} to confirm", de: "Zum Bestätigen {robot} eintippen" },
  "join.title": { en: "Join tokens", de: "Beitritts-Tokens" },
  "join.intro": {
    en: "A join token lets new robots with our agent into the fleet. Each of them gets a credential of its own; deleting a token removes no robot.",
    de: "Ein Beitritts-Token lässt neue Roboter mit unserem Agenten in die Flotte. Jeder bekommt eigene Zugangsdaten; wer ein Token löscht, entfernt keinen Roboter.",
  },
  "join.none": { en: "No token lets robots in", de: "Kein Token lässt Roboter herein" },
  "join.none_text": {
    en: "Make one, and start the agent on the robot with it.",
    de: "Erzeuge eines und starte damit den Agenten auf dem Roboter.",
  },
  "join.name_hint": { en: "For people, for example “lab 3”.", de: "Für Menschen, etwa „Labor 3“." },
} satisfies Record<string, Message>;
