namespace Channels.Connectors.Tests;

/// <summary>The indexes this project knows of.</summary>
internal static class PayloadIndexes
{
    extension(PayloadIndex)
    {
        /// <summary>Our own samples of a kind.</summary>
        public static PayloadIndex OfSamples(string folder) => PayloadIndex.Read(Path.Combine(Places.Root, "src", "Connectors", folder, "samples", "index.json"));

        /// <summary>The shared fixtures of a kind, or null when the shared folder is not there.</summary>
        public static PayloadIndex? OfShared(string kind) => Places.Shared is { } shared
            ? PayloadIndex.Read(Path.Combine(shared, "fixtures", kind, "index.json"), Path.Combine(shared, "fixtures"))
            : null;

        /// <summary>The shared fixtures of a kind that stand in the one index of several kinds, or null when the shared folder is not there.</summary>
        public static PayloadIndex? OfSharedSet(string kind) => Places.Shared is { } shared
            ? PayloadIndex.Read(Path.Combine(shared, "fixtures", "index.json")).Below(kind)
            : null;
    }
}
