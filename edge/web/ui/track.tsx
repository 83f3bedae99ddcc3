/** The page behind the code on a slip. */
import { start } from "../../../shared/ui/components";
import { Track } from "../../../shared/ui/track/track";

start(<Track />);
