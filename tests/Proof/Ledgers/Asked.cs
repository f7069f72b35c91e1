namespace Channels.Proof.Ledgers;

/// <summary>How often an agent was asked for what, as the agent has it.</summary>
/// <param name="Messages">It was asked about.</param>
/// <param name="CutOff">Calls that were made again with their turn id, by which the agent knows them: a death had cut off the first.</param>
/// <param name="Complaints">What was asked again besides.</param>
internal sealed record Asked(int Messages, int CutOff, IReadOnlyList<string> Complaints)
{
    /// <param name="calls">All that the agent got.</param>
    /// <param name="deaths">How often a process ended under it.</param>
    public static Asked Of(IReadOnlyCollection<AgentCall> calls, int deaths)
    {
        var messages = calls.GroupBy(call => call.Text!).ToList();
        var turns = calls.GroupBy(call => call.TurnId).ToList();

        // A conversation asks for one message at a time: a death can cut off one call of each.
        var again = turns.Where(of => of.Count() > 1).GroupBy(of => of.First().ConversationId).Where(of => of.Sum(turn => turn.Count() - 1) > deaths);
        return new Asked(messages.Count, calls.Count - turns.Count,
        [
            .. from of in messages
               let several = of.Select(call => call.TurnId).Distinct().Count()
               where several > 1
               select $"the agent was asked in {several} turns: {of.Key}",
            .. from of in again
               select $"the agent was asked {of.Sum(turn => turn.Count() - 1)} times too often in one conversation, where {deaths} calls could be cut off: {of.First().First().Text}",
        ]);
    }

    public override string ToString() => $"{Messages:#,0} agent turns ({CutOff} calls cut off and made again with their turn id)";
}
