/** The test page of seed 004. */
import { start } from "../../../shared/ui/components";
import { Monitor } from "../../../shared/ui/central/monitor";

start(<Monitor />);
