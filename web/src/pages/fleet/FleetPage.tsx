import { useFleet } from "@/api/robots";
export function FleetPage() {
  const { data: fleet = [] } = useFleet();
  return <pre>{JSON.stringify(fleet, null, 1)}</pre>;
}
