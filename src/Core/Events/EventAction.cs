namespace Channels.Core.Events;

/// <summary>What an event asks of us, as the parser sees it, before any policy of the channel.</summary>
public enum EventAction
{
    /// <summary>Answer 2xx, nothing else.</summary>
    Ignore = 0,

    /// <summary>May start an agent turn.</summary>
    Process,

    /// <summary>Keep in history, no turn.</summary>
    StoreOnly,

    /// <summary>A person answered outside the product: record, pause the agent.</summary>
    StoreOutbound,

    /// <summary>Our own or another program's send came back: match it.</summary>
    ReconcileOutbound,

    /// <summary>An edit or deletion of an earlier message.</summary>
    UpdateMessage,

    /// <summary>The provider's receipt for a message we sent.</summary>
    UpdateDelivery,

    /// <summary>The account's connection changed.</summary>
    UpdateConnection,

    /// <summary>A contact's name or picture changed.</summary>
    UpdateContact,

    /// <summary>A template's approval changed.</summary>
    UpdateTemplate,

    /// <summary>Two ids turned out to be one person.</summary>
    LinkIdentity,

    /// <summary>The contact can no longer be reached.</summary>
    MarkUnreachable,

    /// <summary>The contact can be reached again.</summary>
    MarkReachable,

    /// <summary>The provider asks us to send less.</summary>
    ThrottleAccount,

    /// <summary>The conversation came back to us.</summary>
    ResumeAgent,

    /// <summary>Part of the provider's protocol: answer it directly.</summary>
    Respond,
}
