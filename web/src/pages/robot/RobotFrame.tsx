import { Outlet, useParams } from "@tanstack/react-router";

export function RobotFrame() {
  const { robot } = useParams({ from: "/shell/robots/$robot" });
  return (
    <div>
      <h1>{robot}</h1>
      <Outlet />
    </div>
  );
}
