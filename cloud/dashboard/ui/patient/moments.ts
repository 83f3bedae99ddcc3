export { momentIn } from "../../../../shared/ui/moments";
