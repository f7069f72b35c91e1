namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds in which people write an address otherwise than the provider names the chat. Without it, what is written is the chat's id.</summary>
public interface IAddressing : IConnector
{
    /// <summary>How an address is written, for people: "a phone number with its country code".</summary>
    string AddressForm { get; }

    /// <summary>The chat behind what somebody wrote; null when it is no address of this kind. Pure, no throwing.</summary>
    ChatAddress? AddressOf(string written);
}

/// <summary>A chat to write in.</summary>
/// <param name="ChatId">In the provider's canonical form, exactly as events name it.</param>
/// <param name="ChatType">As in events: <c>direct</c> or <c>group</c>.</param>
/// <param name="Phone">The contact's number in digits, where the address is one.</param>
public sealed record ChatAddress(string ChatId, string ChatType = "direct", string? Phone = null);
