using Channels.Core;
using Microsoft.Extensions.Logging;

namespace Channels.Storage.Journal;

// How it begins: with what an earlier process has left.
public sealed partial class InboxJournal
{
    /// <summary>Whether a data directory has files of a journal.</summary>
    public static bool IsIn(string directory) => JournalFiles.AreIn(directory);

    /// <summary>Opens the journal of a data directory and finds what an earlier process has left in it.</summary>
    /// <param name="directory">Made if it is not there; its owner's alone.</param>
    /// <param name="position">What the database says of it.</param>
    /// <param name="megabytes">Most that it holds. 0, and beside a server whose log is copied elsewhere: no tenant begins in it; what is in it is moved all the same.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">For what an operator should know.</param>
    /// <exception cref="SettingException">The directory cannot be used.</exception>
    public static InboxJournal Open(string directory, JournalPosition position, int megabytes, TimeProvider clock, ILogger logger)
    {
        try
        {
            var files = new JournalFiles(directory, megabytes, clock, logger);
            var found = JournalFound.In(files, position, logger);
            if (found.Contents.Count > 0)
            {
                Log.Found(logger, found.Contents.Count);
            }

            return new InboxJournal(position.Journal, files, found, megabytes > 0 && !position.IsCopied, logger);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SettingException(
                "Channels:DataDirectory",
                $"names a directory whose journal cannot be read or written: {refused.Message} Acknowledged webhooks may be in it: make {directory} readable and writable for the user Channels runs as.");
        }
    }
}
